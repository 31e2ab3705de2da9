// Charts of the numbers that stand in a table of the page, all over one stretch of time. The table, the files to
// save and the fields of the stretch follow it. Without this script there is the table, and the fields are in UTC.

import { Charts } from "./charts";
import { Stretch } from "./stretch";

const stretch = new Stretch();
for (const place of document.querySelectorAll<HTMLElement>("[data-charts]")) {
  const table = document.getElementById(place.dataset["charts"] ?? "");
  if (table instanceof HTMLTableElement) new Charts(place, table, stretch);
}
