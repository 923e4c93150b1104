"use strict";
// The server's pages: no patient data in any address, only places of the list.
const remote = {
  async index() {
    return (await fetch("/api/run")).json();
  },
  async detail(row) {
    const answer = await fetch(`/api/cases/${row.order}`);
    if (!answer.ok) throw new Error(`case ${answer.status}`);
    return answer.json();
  },
};

remote.index().then(async (run) => {
  const review = new Review(run);
  await review.sign();
  const blind = run.blind;
  review.app = new App(run, remote, {
    closed: true,
    list: {
      hide: blind ? ["rank", "verdict", "modic", "bodies", "unknown", "next"] : [],
      queues:
        !blind && run.rows.some((row) => row[1] === "sample")
          ? [
              ["all", "all"],
              ["list", "on the list"],
              ["sample", "random sample"],
            ]
          : null,
    },
    hooks: {
      panel: (view) => review.panel(view),
      chosen: (view) => {
        if (review.view === view) review.drawPanel();
      },
    },
    key: (event) => review.key(event),
  });
  review.applyAll();
  review.app.list.refresh();
  document.addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.target.closest("input, textarea, select, dialog")
    )
      return;
    if (event.key === "?") showHelp();
    else if (event.key === "z" && !event.repeat) review.undo();
  });
  window.app = review.app;
});
