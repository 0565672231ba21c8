// A strip of pushes is one stop of the Tab key; the arrow keys move along it. Without this, each push is a stop.
for (const strip of document.querySelectorAll(".strip")) {
  const links = [...strip.querySelectorAll("a")];
  const stopAt = (stop) => links.forEach((link) => { link.tabIndex = link === stop ? 0 : -1; });
  stopAt(links.at(-1));
  strip.addEventListener("focusin", (event) => stopAt(event.target));
  strip.addEventListener("keydown", (event) => {
    const at = links.indexOf(event.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: links.length - 1 }[event.key];
    if (!links[to]) return;
    event.preventDefault();
    links[to].focus();
  });
}
