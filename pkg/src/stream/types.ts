// What an application sees of streams.

/** Bytes in order between this tab and another node, both ways, each no faster than the other end reads. */
export interface MeshStream {
  /** The node at the other end: its own sealed link says so. */
  readonly peer: string;
  /** What it was opened for. */
  readonly name: string;
  /** What the other end writes; closes once that one has written all. Cancelling it ends the stream both ways, and loses what is under way. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What the other end is to read: bytes of any kind, or texts as UTF-8. Closing it says that there is no more; aborting it ends the stream. */
  readonly writable: WritableStream<ArrayBufferLike | ArrayBufferView | string>;
  /** Resolves once both ends have closed `writable` and read all; rejects with a MeshError where the stream ended otherwise. */
  readonly closed: Promise<void>;
  /** Ends the stream now, for both ends; what was written may not come. */
  abort(): void;
}

export interface OpenOptions {
  /** Gives up opening; an open stream goes on. */
  signal?: AbortSignal | undefined;
}

/** The streams of one mesh. */
export interface Streams {
  /**
   * Takes streams that others open by this name, 1 to 64 bytes; a name has one taker.
   *
   * Beyond 32 names it takes none, and the page's `error` event says so: TooManyRequests.
   *
   * @throws MeshError BadOption, Closed or Detached
   */
  listen(name: string, onStream: (stream: MeshStream) => void): Listening;
  /**
   * Opens a stream to a node that listens for this name.
   *
   * @throws MeshError BadId, BadOption, NotFound (nobody listens for it there), NotImplemented (the node takes no streams), TooManyRequests,
   * Unavailable, Closed or Detached; the reason of `signal`
   */
  open(peer: string, name: string, options?: OpenOptions): Promise<MeshStream>;
  /** Ends all streams, and takes no more. */
  close(): void;
}

export interface Listening {
  readonly name: string;
  /** Takes no more of this name; open streams go on. */
  close(): void;
}

export interface StreamsOptions {
  /** Where `tabmesh_stream.wasm` lies, its bytes, or compiled. Default: where the package has it. */
  module?: URL | ArrayBufferLike | ArrayBufferView | WebAssembly.Module;
}
