"use strict";
// Airflow keeps the theme a person chose here; "system" and nothing leave it to the browser.
const root = document.documentElement;
const dress = () => {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
};
addEventListener("storage", dress);
dress();

// While the task runs, the page is fetched again every two seconds, unless nobody looks.
const refresh = async () => {
  const main = document.querySelector("main");
  if (!("live" in main.dataset)) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href);
      if (answer.ok) {
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.title = next.title;
        if (next.querySelector("main").outerHTML !== main.outerHTML) main.replaceWith(next.querySelector("main"));
      }
    } catch { /* the server is away: what is shown stays, with its time */ }
  }
  setTimeout(refresh, 2000);
};
setTimeout(refresh, 2000);
