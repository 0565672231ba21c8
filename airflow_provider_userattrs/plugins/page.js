"use strict";
// Airflow stores the user's theme in localStorage; "system" or no value leaves the choice to the browser.
const root = document.documentElement;
const applyTheme = () => {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
};
addEventListener("storage", applyTheme);
applyTheme();

// While the task runs, refresh every two seconds, unless the tab is hidden.
const refresh = async () => {
  const main = document.querySelector("main");
  if (!("live" in main.dataset)) return;
  if (!document.hidden) {
    try {
      const response = await fetch(location.href);
      if (response.ok) {
        const next = new DOMParser().parseFromString(await response.text(), "text/html");
        document.title = next.title;
        if (next.querySelector("main").outerHTML !== main.outerHTML) main.replaceWith(next.querySelector("main"));
      }
    } catch { /* the server is unreachable: keep what is shown, with its timestamp */ }
  }
  setTimeout(refresh, 2000);
};
setTimeout(refresh, 2000);
