// Forms that are calls of the API: sent without leaving the page, with failures told in place. Without
// this script the same forms are posted, and a page tells what came of it.

import { Refused, call } from "./page";

/** The method and path of the API that a form's address means. */
function meaning(form: HTMLFormElement): { method: string; path: string; url: URL } | null {
  const url = new URL(form.action);
  const [, method, path] = /^\/do\/(\w+)(\/.*)$/.exec(url.pathname) ?? [];
  return method && path ? { method: method.toUpperCase(), path, url } : null;
}

/** What forms are told of what they made or changed, as far as it says where to go. */
interface Answer {
  src?: string;
  id?: number;
  human_id?: string;
  path?: string;
}

function fields(form: HTMLFormElement): URLSearchParams {
  const sent = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "_csrf_token") sent.append(name, value);
  }
  return sent;
}

/** Whether what a form has sent is still on its way: it takes nothing else then. */
export const isRunning = (form: HTMLFormElement): boolean => form.getAttribute("aria-busy") === "true";

/** Marks a form as sent, or as ready again. */
export function busy(form: HTMLFormElement, is: boolean): void {
  if (is) form.setAttribute("aria-busy", "true");
  else form.removeAttribute("aria-busy");
}

/** Goes to a page, which is loaded anew also where it is this one. */
function goTo(next: URL): void {
  const page = ({ href }: { href: string }) => href.split("#")[0];
  const isHere = page(next) === page(location);
  location.assign(next);
  // That has only scrolled.
  if (isHere && next.hash !== "") location.reload();
}

/** Shows a failure at a form, or takes the last one away. */
export function fault(form: Element, message: string): void {
  const place = form.querySelector<HTMLElement>("[data-alert]");
  if (place) place.textContent = message;
}

async function submit(form: HTMLFormElement): Promise<void> {
  const meant = meaning(form);
  if (!meant) return form.submit();
  fault(form, "");
  const sent = fields(form);
  busy(form, true);
  try {
    const query = meant.method === "DELETE" && [...sent].length > 0 ? `?${sent}` : "";
    const answer = await call<Answer | null>(meant.method, meant.path + query, sent);
    const next = new URL(meant.url.searchParams.get("next") ?? "/", location.href);
    if ("nextDetails" in form.dataset && answer?.src) {
      next.pathname = "/details";
      next.search = `?src=${encodeURIComponent(answer.src)}`;
    } else if (form.dataset["nextItem"] && answer?.id) {
      next.pathname = `${form.dataset["nextItem"]}${answer.id}`;
    }
    if ("nextPortfolio" in form.dataset && answer?.human_id) {
      next.pathname = `/portfolios/${encodeURIComponent(answer.human_id)}/edit`;
    }
    const told = meant.url.searchParams.get("tell") === "path" ? answer?.path : "";
    if (told) next.searchParams.set("told", told);
    const done = meant.url.searchParams.get("done");
    if (done) next.searchParams.set("done", done);
    goTo(next);
  } catch (error) {
    busy(form, false);
    if (!(error instanceof Refused)) throw error;
    // A page shows what somebody else has written meanwhile beside what was typed.
    if (error.status === 409 && "overtaken" in form.dataset) return form.submit();
    fault(form, error.message);
  }
}

export function forms(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("call" in form.dataset)) return;
    event.preventDefault();
    if (!isRunning(form)) void submit(form);
  });
  // Who comes back to a page that was kept finds its forms ready.
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    for (const form of document.querySelectorAll<HTMLFormElement>("form[aria-busy]")) busy(form, false);
  });
}
