"use strict";
embedded.index().then((run) => {
  embedded.size = run.chunk;
  window.app = new App(run, embedded);
});
