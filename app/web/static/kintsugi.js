// Refreshes the parts of a page that are marked data-live, copies text, and keeps where one is in sight in the menu.
// Everything works without it.

const announce = document.getElementById("announce");

async function refresh(part) {
  // Nobody's reading is disturbed: not in a hidden tab, not while the keyboard is in it, not while something is open.
  if (document.hidden || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
  let answer;
  try {
    answer = await fetch(location.href, { credentials: "same-origin" });
  } catch {
    return;
  }
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
  if (!fresh || fresh.textContent === part.textContent) return;
  if (part.contains(document.activeElement) || part.querySelector("details[open]")) return;
  part.replaceChildren(...fresh.childNodes);
  announce.textContent = "";
  announce.textContent = "The page was brought up to date.";
}

for (const part of document.querySelectorAll("[data-live]")) {
  setInterval(() => refresh(part), Number(part.dataset.live) * 1000);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      announce.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      announce.textContent = "Copying is not allowed here; select the text instead.";
    }
  });
}

const here = document.querySelector(".menu [aria-current]");
if (here) {
  // Only the menu moves, never the page: its address may have led further down.
  const menu = here.closest(".menu");
  const [one, whole] = [here.getBoundingClientRect(), menu.getBoundingClientRect()];
  menu.scrollLeft += one.left + one.width / 2 - whole.left - whole.width / 2;
}
