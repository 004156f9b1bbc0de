import { type OpenModel, openModel } from "./open-model.js";
import type { OwnModel } from "./own-model.js";

/** The model that the page writes with, on one backend at a time. */
export class ModelHolder {
  private chosen: OwnModel | undefined;
  private open: { readonly backend: string; readonly model: OpenModel } | undefined;

  /** The model on a backend: opened, unless it is open there. */
  async on(backend: string): Promise<OpenModel> {
    if (this.open?.backend === backend) return this.open.model;
    await this.close();
    const model = await openModel(this.chosen, backend);
    this.open = { backend, model };
    return model;
  }

  /**
   * Takes another model, opened and so looked through. Where that fails the one before stays.
   *
   * @param own - default the model that ships with the page
   */
  async choose(own: OwnModel | undefined, backend: string): Promise<OpenModel> {
    await this.close(); // both might not fit
    const model = await openModel(own, backend);
    this.chosen = own;
    this.open = { backend, model };
    return model;
  }

  /** Frees it: the next `on` loads it again, as it must where the device is lost. */
  async close(): Promise<void> {
    const closing = this.open;
    this.open = undefined;
    await closing?.model.dispose().catch(() => undefined);
  }
}
