import { LoggedOut } from "./box.js";
import { element } from "./dom.js";
import { fetchSession, type Session } from "./status.js";

/** Who we are to the box, and the ways in and out in the page's head. */
export class Entrance {
  private readonly logIn = element("log-in", HTMLAnchorElement);
  private readonly logOut = element("log-out", HTMLFormElement);
  private readonly focus = element("focus-open", HTMLAnchorElement);
  private readonly token = element("log-out-token", HTMLInputElement);
  private session: Session | undefined;

  /** Asks the box once; throws like fetchSession. */
  async maySeeAll(signal: AbortSignal): Promise<boolean> {
    if (!this.session) this.welcome(await fetchSession(signal).catch(toLogInPage));
    return this.session?.access !== "public";
  }

  /** The session has ended, if there was one: the box is to be asked anew. False when it was asked just now. */
  leave(): boolean {
    const known = this.session !== undefined;
    this.session = undefined;
    return known;
  }

  /** What a change must carry; empty before the box was asked. */
  get csrf(): string {
    return this.session?.csrf ?? "";
  }

  private welcome(session: Session): void {
    this.session = session;
    this.token.value = session.csrf;
    this.logOut.hidden = session.access !== "session";
    this.logIn.hidden = session.access !== "public";
    this.focus.hidden = session.access === "public";
  }
}

function toLogInPage(trouble: unknown): never {
  if (trouble instanceof LoggedOut) location.replace("/login");
  throw trouble;
}
