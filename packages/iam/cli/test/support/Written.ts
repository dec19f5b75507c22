/** What a program writes. */
import { Writable } from "node:stream";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it. */
export class Written extends Writable {
  text = "";

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: string | Uint8Array, _: string, done: () => void) {
    this.text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
    this.emit("written");
    done();
  }

  /** Waits for a text as long as the program runs, and gives all that was written until then. */
  readonly printed = (ended: Promise<Ended>) => (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!this.text.includes(text)) return;
        this.off("written", look);
        resolve(this.text);
      };
      this.on("written", look);
      look();
      void ended.then(({ code, stdout, stderr }) =>
        reject(new Error(`iam ended with ${code} before "${text}": ${stdout}${stderr}`)),
      );
    });
}
