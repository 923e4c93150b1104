"use strict";
embedded.index().then((run) => {
  embedded.size = run.chunk;
  const decision = run.columns.indexOf("decision");
  const undecided = run.rows.every((row) => !row[decision]);
  window.app = new App(run, embedded, { list: { hide: undecided ? ["decision"] : [] } });
});
