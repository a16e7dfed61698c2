(() => {
"use strict";
const root = document.documentElement, all = (what, from = document) => [...from.querySelectorAll(what)];
root.classList.add("js");

// Light or dark: the system's choice until somebody presses the button.
const button = document.getElementById("theme");
const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const remembered = (value) => { try { if (value) localStorage.setItem("vidi-theme", value); return localStorage.getItem("vidi-theme"); } catch { return null; } };
const said = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", dark() ? "Change to light colours" : "Change to dark colours"); };
if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
button.hidden = false;
button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; remembered(root.dataset.theme); said(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", said);
said();

// Tabs: without script these are links to sections, one below the other.
const tabs = all(".tabs a"), panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
const show = (place, focus) => tabs.forEach((tab, index) => {
  const chosen = index === place;
  tab.setAttribute("aria-selected", chosen);
  tab.tabIndex = chosen ? 0 : -1;
  panels[index].hidden = !chosen;
  if (chosen && focus) tab.focus();
});
if (tabs.length) {
  document.querySelector(".tabs").setAttribute("role", "tablist");
  tabs.forEach((tab, index) => {
    tab.parentElement.setAttribute("role", "presentation");
    tab.setAttribute("role", "tab");
    tab.id = "tab-" + panels[index].id;
    tab.setAttribute("aria-controls", panels[index].id);
    panels[index].setAttribute("role", "tabpanel");
    panels[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => { event.preventDefault(); show(index); history.replaceState(null, "", tab.hash); });
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
      if (to !== undefined) { event.preventDefault(); show(to % tabs.length, true); }
      if (event.key === " ") { event.preventDefault(); tab.click(); }
    });
  });
}
const led = () => {
  const aim = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const place = aim ? panels.findIndex((panel) => panel.contains(aim)) : 0;
  if (tabs.length && (place >= 0)) show(place);
  if (aim && aim.classList.contains("gallery")) opened(aim);
  else if (aim && !panels.includes(aim)) aim.scrollIntoView();
};

// The confusion matrix: a cell opens the images behind it; arrows walk, Escape goes back.
const cells = all(".matrix a"), galleries = all(".gallery");
let from = null;
const opened = (gallery) => {
  galleries.forEach((other) => other.classList.toggle("open", other === gallery));
  cells.forEach((cell) => cell.setAttribute("aria-expanded", Boolean(gallery) && cell.hash === "#" + gallery.id));
};
const back = () => { opened(null); if (from) from.focus(); };
const stop = (chosen) => cells.forEach((cell) => { cell.tabIndex = cell === chosen ? 0 : -1; });
const walk = (cell, down, right) => {
  const rows = all(".matrix tbody tr"), td = cell.parentElement, row = rows.indexOf(td.parentElement), column = td.cellIndex;
  for (let r = row + down, c = column + right; rows[r] && rows[r].cells[c]; r += down, c += right) {
    const next = rows[r].cells[c].querySelector("a");
    if (next) { stop(next); next.focus(); return; }
  }
};
cells.forEach((cell) => {
  cell.setAttribute("role", "button");
  cell.setAttribute("aria-controls", cell.hash.slice(1));
  cell.addEventListener("click", (event) => {
    event.preventDefault();
    from = cell; stop(cell);
    const gallery = document.getElementById(cell.hash.slice(1));
    if (gallery.classList.contains("open")) { opened(null); return; }
    opened(gallery);
    gallery.focus({ preventScroll: true });
    gallery.scrollIntoView({ block: "nearest" });
  });
  cell.addEventListener("keydown", (event) => {
    const way = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (way) { event.preventDefault(); walk(cell, ...way); }
    if (event.key === " ") { event.preventDefault(); cell.click(); }
  });
});
if (cells.length) { stop(cells.find((cell) => cell.classList.contains("wrong")) || cells[0]); opened(null); }
galleries.forEach((gallery) => {
  gallery.addEventListener("keydown", (event) => { if (event.key === "Escape") back(); });
  const close = gallery.querySelector(".close");
  if (close) close.addEventListener("click", (event) => { event.preventDefault(); back(); });
});
addEventListener("hashchange", led);
led();
})();
