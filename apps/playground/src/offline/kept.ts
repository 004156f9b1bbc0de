/** What the service worker tells its pages: a build is kept, or could not be. */
export interface Kept {
  readonly build: string;
  readonly problem?: string;
}
