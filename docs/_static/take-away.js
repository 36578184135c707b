// Shows the buttons that copy a block; without this script its text is selected by hand.
for (const button of document.querySelectorAll(".taken button")) {
  const says = button.textContent;
  const block = button.closest(".taken").querySelector("pre");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.textContent);
    } catch {
      // Not every browser lets every page write: then the text is selected, ready to be copied.
      getSelection().selectAllChildren(block);
      if (!document.execCommand("copy")) return;
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = says; }, 2000);
  });
}
