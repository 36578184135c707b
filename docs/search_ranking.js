// What a search shows, and in which order. Sphinx puts this behind its own script of the search.
{
  const PAGES = 20; // that have the words: each is fetched, for an excerpt
  const { term, title } = Scorer;

  // "line 4.5" is called so, and 4.5; "Algorithm 4: …" is called Algorithm 4, and 4.
  const isCalled = (name, asked) => {
    const called = name.split(":")[0].toLowerCase();
    return called === asked || called.endsWith(` ${asked}`);
  };
  const isObject = ([, , , , , , kind]) => kind === SearchResultKind.object;

  // A section that is called so comes before its page. A mistake with the word in its title comes
  // after all else that has it there, and before what has it in the text.
  const score = ([page, , , , score, , kind]) => {
    const called = kind === SearchResultKind.title ? 0.5 : 0;
    return score + called - (page.startsWith("mistakes") ? title - term - 0.5 : 0);
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
    const pages = results.filter((result) => !isObject(result)).slice(-PAGES);
    return results.filter((result) => isObject(result) || pages.includes(result));
  };
}
