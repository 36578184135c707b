/* Additions to the recorded runs. Without a script their steps are chosen by radio buttons. Here a
   cell of a product lights its row and its column, and says its arithmetic; two buttons go from
   step to step; and the line of a step is lit in the card. */
(() => {
  "use strict";
  const number = (text) => ({ "−∞": -Infinity, "∞": Infinity })[text] ?? Number(text.replace("−", "-"));
  const shown = (text) => text.replace(/^(−?)\./, "$10.");
  const factor = (text) => (text.startsWith("−") ? `(${shown(text)})` : shown(text));

  const power = (exponent) => (exponent ? `·10${[...String(exponent)].map((one) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(one)]).join("")}` : "");

  /* The arithmetic of one cell of a product, from the numbers as they stand on the page.
     `row` and `column` are the factors, `added` is [sign, number, exponent] each, and `result` the
     cell. `raised` has the exponents of ten by which tables are divided: {left, right, out}.
     The sum is "=" the cell where the printed numbers give exactly it, else "≈". */
  const arithmetic = ({ name, row, column, added = [], result, raised = {} }) => {
    const { left = 0, right = 0, out = 0 } = raised;
    let sum = 0;
    const terms = row.map((one, k) => {
      sum += number(one) * 10 ** left * number(column[k]) * 10 ** right;
      return `${factor(one)}${power(left)}·${factor(column[k])}${power(right)}`;
    });
    let text = terms.join(" + ");
    for (const [sign, value, exponent = 0] of added) {
      sum += (sign === "−" ? -1 : 1) * number(value) * 10 ** exponent;
      text += ` ${sign} ${factor(value)}${power(exponent)}`;
    }
    const exact = Math.abs(sum - number(result) * 10 ** out) < 1e-9 * 10 ** out;
    return { text: `${name} = ${text} ${exact ? "=" : "≈"} ${shown(result)}${power(out)}`, sum };
  };
  if (typeof module !== "undefined") module.exports = { arithmetic };
  if (typeof document === "undefined") return;

  const all = (selector, within) => [...within.querySelectorAll(selector)];
  const cells = (table) => all("tbody tr", table).map((row) => all("td", row));
  const text = (cell) => cell.textContent;
  const raise = (table) => Number(table.dataset.exponent ?? 0);

  const follow = (product) => {
    const part = (name) => product.querySelector(`[data-part="${name}"]`);
    const [left, right, out] = ["left", "right", "out"].map(part);
    if (!left || !right || !out) return;  // too large to be drawn
    const [rows, columns, results] = [left, right, out].map(cells);
    const added = all(".addends > table", product);
    const name = out.querySelector("math")?.getAttribute("alttext") ?? "";
    const says = Object.assign(document.createElement("p"), { className: "sum" });
    says.setAttribute("role", "status");
    says.textContent = "Point at an entry of the product to see how it is computed.";
    product.after(says);
    const light = (i, j) => {
      all(".lit, .at", product).forEach((cell) => cell.classList.remove("lit", "at"));
      results[i][j].classList.add("at");
      const beside = added.map((table) => {
        const cell = cells(table)[i][table.dataset.part === "column" ? 0 : j];
        cell.classList.add("lit");
        return [table.previousElementSibling.textContent, text(cell), raise(table)];
      });
      const column = columns.map((row) => row[j]);
      [...rows[i], ...column].forEach((cell) => cell.classList.add("lit"));
      says.textContent = arithmetic({
        name: `${name}[${i + 1}, ${j + 1}]`,
        row: rows[i].map(text),
        column: column.map(text),
        added: beside,
        result: text(results[i][j]),
        raised: { left: raise(left), right: raise(right), out: raise(out) },
      }).text;
    };
    results.forEach((row, i) =>
      row.forEach((cell, j) => {
        cell.tabIndex = i || j ? -1 : 0;  // one stop for the tab key; arrows go on
        cell.addEventListener("pointerenter", () => light(i, j));
        cell.addEventListener("focus", () => light(i, j));
        cell.addEventListener("keydown", (event) => {
          const [down, along] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
          const next = (down || along) && results[i + down]?.[j + along];
          if (!down && !along) return;
          event.preventDefault();
          if (!next) return;
          cell.tabIndex = -1;
          next.tabIndex = 0;
          next.focus();
        });
      }),
    );
  };

  const step = (stepper) => {
    const card = stepper.closest(".alg");
    const radios = all('input[type="radio"]', stepper);
    const at = () => radios.findIndex((radio) => radio.checked);
    const lit = () => {
      all(".stepped", card).forEach((line) => line.classList.remove("stepped"));
      if (!stepper.open) return;
      all(`[data-lines~="${radios[at()].dataset.line}"]`, card).forEach((line) => line.classList.add("stepped"));
    };
    const button = (name, by) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: name });
      made.addEventListener("click", () => {
        radios[at() + by].checked = true;
        radios[at()].dispatchEvent(new Event("change", { bubbles: true }));
      });
      return made;
    };
    const back = button("Back", -1);
    const next = button("Next", 1);
    if (radios.length > 1) stepper.querySelector(".steps").prepend(back, next);
    const arrive = () => {
      back.disabled = at() === 0;
      next.disabled = at() === radios.length - 1;
      lit();
    };
    stepper.addEventListener("toggle", lit);
    stepper.addEventListener("change", arrive);
    arrive();  // a browser may remember which step was chosen
    all(".product", stepper).forEach(follow);
    // What scrolls can be reached by keyboard.
    all(".row, .product, .addends", stepper).forEach((box) => {
      if (!box.querySelector('[tabindex="0"]')) box.tabIndex = 0;
    });
  };
  const start = () => all("details.stepper", document).forEach(step);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
