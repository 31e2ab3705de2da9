// A file on its way to the library: its turn, its tries, and what its row says of them.

import { mayPass } from "../../viewers/shared/busy";
import { Refused, word } from "../page";
import { hasEnded, signInAgain } from "../session";
import { agains, counts, ends, queue, tell } from "./queue";
import { type Row, draw, failed, finished, renew, tellName } from "./row";
import { type Stored, type Target, Transfer } from "./transfer";
import type { Wanted } from "./wanted";

type Outcome = Stored | Refused | null;

/** A row for what cannot be sent at all. */
export function lose(wanted: Wanted, why: string): void {
  counts.total += 1;
  counts.failed += 1;
  failed(draw(wanted), new Refused(why, 404), () => undefined);
  tell();
}

export class Sending {
  private readonly row: Row;
  private isOff = false;
  /** Ends what is being done. */
  private stop = (): void => undefined;

  /** Takes its turn. */
  constructor(
    private readonly wanted: Wanted,
    private readonly target: Target,
  ) {
    this.row = draw(wanted);
    counts.total += 1;
    this.row.off.addEventListener("click", this.end);
    ends.add(this.end);
    tell();
    queue(this.start);
  }

  /** Calls it off. */
  private readonly end = (): void => {
    const { item, bar, off, state } = this.row;
    this.isOff = true;
    ends.delete(this.end);
    counts.total -= 1;
    item.dataset["state"] = "off";
    bar.remove();
    off.remove();
    state.textContent = word("upload-called-off");
    this.stop();
    tell();
  };

  private readonly start = async (): Promise<void> => {
    if (this.isOff) return;
    let outcome = await this.deliver();
    if (outcome instanceof Refused && !this.isOff && (await hasEnded(outcome.status, outcome.message))) {
      if ((await signInAgain()) && !this.isOff) outcome = await this.deliver();
    }
    if (!outcome || this.isOff) return;
    ends.delete(this.end);
    if (outcome instanceof Refused) this.fail(outcome);
    else this.succeed(outcome.id);
    tell();
  };

  private readonly again = (): void => {
    if (!agains.delete(this.again)) return;
    this.row.state.textContent = word("upload-waiting");
    ends.add(this.end);
    counts.failed -= 1;
    tell();
    queue(this.start);
  };

  private fail(why: Refused): void {
    if (mayPass(why.status)) agains.add(this.again);
    counts.failed += 1;
    failed(this.row, why, this.again);
  }

  private succeed(id: string | null): void {
    counts.done += 1;
    finished(this.row, id);
    if (id) void tellName(this.row, this.wanted.file, id);
  }

  /** Sends the file; without a network it keeps its place until there is one. */
  private async deliver(): Promise<Outcome> {
    for (;;) {
      const outcome = await this.attempt();
      const isCutOff = outcome instanceof Refused && outcome.status === 0 && !navigator.onLine;
      if (!isCutOff || this.isOff) return outcome;
      await this.connected();
      if (this.isOff) return null;
    }
  }

  private attempt(): Promise<Outcome> {
    const { bar, state } = this.row;
    renew(this.row);
    const transfer = new Transfer(this.wanted.file, this.target, (share) => {
      bar.value = share;
      state.textContent = word("upload-percent", { percent: Math.floor(share * 100) });
    });
    this.stop = () => transfer.stop();
    return transfer.outcome;
  }

  private connected(): Promise<void> {
    return new Promise((resolve) => {
      const goOn = (): void => {
        removeEventListener("online", goOn);
        resolve();
      };
      this.row.state.textContent = word("upload-offline");
      this.stop = goOn;
      addEventListener("online", goOn);
    });
  }
}
