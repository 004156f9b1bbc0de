/*
 * What users of the backends name, without tensors: an entry of its own, so that whoever uses only this needs none of the types of
 * TensorFlow.js, which do not compile where libraries are checked.
 */

export interface BackendOptions {
  /** Upper bound on threads. Default: what the machine has. Backends that know one thread only use one. */
  readonly threads?: number;
}

/** Whether a backend starts here. */
export interface ExaminedBackend {
  readonly name: string;
  readonly description: string;
  /** The device in words when the backend starts. */
  readonly device?: string;
  /** Why the backend does not start, and what to do. */
  readonly problem?: string;
}

/** A backend that "auto" did not choose, and why. */
export interface PassedBy {
  readonly name: string;
  readonly reason: string;
}
