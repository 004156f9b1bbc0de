/** Token ids that come in parts, as one stream: four bytes a token, wherever it ends. */
export interface TokenBuffer {
  push(ids: Int32Array): void;
  /** All ids so far; shape [tokens]. A view: it is of no use after the next `push`. */
  ids(): Int32Array;
}

export function tokenBuffer(): TokenBuffer {
  let room = new Int32Array(1024);
  let length = 0;
  return {
    push: (ids) => {
      if (length + ids.length > room.length) {
        const larger = new Int32Array(Math.max(2 * room.length, length + ids.length));
        larger.set(room.subarray(0, length));
        room = larger;
      }
      room.set(ids, length);
      length += ids.length;
    },
    ids: () => room.subarray(0, length),
  };
}
