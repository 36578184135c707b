// What a search shows, and in which order. Sphinx puts this behind its own script of the search.
{
  // How many pages that have the words are shown: each is fetched, for an excerpt.
  const PAGES = 15;
  const OF_MISTAKES = 5;

  // "line 4.5" is called so, and 4.5; "Algorithm 4: …" is called Algorithm 4, and 4.
  const isCalled = (name, asked) => {
    const called = name.split(":")[0].toLowerCase();
    return called === asked || called.endsWith(` ${asked}`);
  };
  const isObject = ([, , , , , , kind]) => kind === SearchResultKind.object;

  const isOfMistakes = ([page]) => page.startsWith("mistakes/");

  // A section that is called so comes before its page, and mistakes come after all else.
  const score = (result) => {
    const called = result[6] === SearchResultKind.title ? 0.5 : 0;
    return result[4] + called - (isOfMistakes(result) ? 1000 : 0);
  };

  const found = Search._performSearch;
  Search._performSearch = (query, ...terms) => {
    const asked = query.trim().toLowerCase();
    const results = found(query, ...terms); // the best last
    const objects = results.filter(isObject);
    const named = objects.filter(([, name]) => isCalled(name, asked));
    // Its name is on many pages, and none is a better answer than what it names.
    if (named.length > 0) return [...objects.filter((object) => !named.includes(object)), ...named];
    results.sort((one, other) => score(one) - score(other));
    const pages = results.filter((result) => !isObject(result));
    const shown = [
      ...pages.filter(isOfMistakes).slice(-OF_MISTAKES),
      ...pages.filter((page) => !isOfMistakes(page)).slice(-PAGES),
    ];
    return results.filter((result) => isObject(result) || shown.includes(result));
  };
}
