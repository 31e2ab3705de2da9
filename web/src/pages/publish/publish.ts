// Pages on which parameters of pictures are set: where the address of a picture is put together, where one picture of a
// portfolio is changed, and where templates are edited.

import { tabs } from "./code";
import { compared, comparing } from "./compare";
import { enhance } from "./controls";
import { Live, find } from "./live";
import { picking } from "./picker";
import { editing } from "./template";
import { learn } from "./words";

/** The page where the address of a picture is put together. */
function publishing(form: HTMLFormElement): void {
  const outputs = find(form, "[data-outputs]");
  const live = new Live(form, form, {
    parts: ["[data-outputs]", "[data-notes]", "[data-template-note]", "[data-of-note]", "[data-variants]"],
    measures: true,
    taken: (page) => {
      const compare = page.querySelector<HTMLElement>("[data-compare]");
      if (compare) find(document, "[data-compare]").hidden = compare.hidden;
      tabs(outputs);
      compared();
    },
    outdated: (is) => {
      outputs.inert = is;
      find(form, "[data-outdated]").hidden = !is;
    },
  });
  tabs(outputs);
  comparing();
  document.querySelector("[data-afresh]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const src = String(new FormData(form).get("src") ?? "");
    const address = `${location.pathname}?${new URLSearchParams({ src }).toString().replace(/%2F/g, "/")}`;
    void live.take(address, "push");
  });
}

/** The page where one picture of a portfolio is changed. The picture on it is smaller than what is kept of it. */
function changing(place: HTMLElement): void {
  const keep = find<HTMLFormElement>(place, "form[data-call]");
  const following = (page: ParentNode) => [...page.querySelectorAll<HTMLInputElement | HTMLButtonElement>("[data-follows]")];
  const live = new Live(find<HTMLFormElement>(place, "form[data-try]"), place, {
    parts: ["[data-tried-query]"],
    measures: false,
    taken: (page) => {
      const theirs = following(page);
      for (const [at, own] of following(place).entries()) {
        own.value = theirs[at]?.value ?? own.value;
        own.disabled = theirs[at]?.disabled ?? true;
      }
    },
  });
  let isCurrent = false;
  keep.addEventListener("submit", (event) => {
    if (isCurrent) return;
    event.preventDefault();
    event.stopPropagation();
    // What was written a moment ago is kept, too.
    void live.again().then((came) => {
      isCurrent = came && following(place).every((own) => !own.disabled);
      if (isCurrent) keep.requestSubmit();
      isCurrent = false;
    });
  });
}

const place = document.querySelector<HTMLElement>("[data-publish], [data-change], [data-template]");
if (place) {
  learn(place);
  for (const part of document.querySelectorAll<HTMLElement>("[data-when-ready]")) part.hidden = false;
  for (const part of document.querySelectorAll<HTMLElement>("[data-without-script]")) part.hidden = true;
  picking();
  enhance(place);
  if (place instanceof HTMLFormElement) publishing(place);
  else if ("change" in place.dataset) changing(place);
  else editing(place);
}
