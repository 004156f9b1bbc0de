/** What a text can be kept as: fetched when someone asks for it. */
export { replayGif, replayHtml } from "@textdiffusion/render";
