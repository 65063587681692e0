// Lends a Go program the vector kernels of kernel.wasm, which Go's compiler
// cannot make itself. They work on Go's own memory, so they start after Go's
// module is there and before it runs. Without them Go's own loops serve.
//
// Where memory is shared (see share.js), other threads take parts of a job too.
// A gate of a few numbers lets them in; the order of parts never matters:
//
//   OPEN    the parts that nobody has taken: from its low 16 bits to before its
//           high ones. The thread that began the job takes the first of them, the
//           others the last: each finds in its cache what it made a job before
//   JOB     where the job lies in memory. Who has taken a part may read it: it
//           stays until all parts are done
//   DONE    how many parts are done
//   ASLEEP  how many threads wait for OPEN to change
globalThis.mienKernel = (() => {
  const [OPEN, JOB, DONE, ASLEEP, SIZE] = [0, 1, 2, 3, 4];
  const mostParts = 0x7fff;
  // How often to look before sleeping: some 100 microseconds, longer than the
  // pause between two jobs of a frame.
  const patience = 20000;

  let level = 0;
  let kernel = {};
  let gate = null;
  let lent = 1; // threads that there are, this one included
  let used = 1; // threads that share a job

  // take works on the current job until no part is left.
  function take(gate, kernel, thread) {
    for (;;) {
      const open = Atomics.load(gate, OPEN);
      const from = open & 0xffff, to = open >> 16;
      if (from >= to) return;
      const rest = thread === 0 ? open + 1 : open - 0x10000;
      if (Atomics.compareExchange(gate, OPEN, open, rest) !== open) continue;
      const part = thread === 0 ? from : to - 1;
      kernel.work(Atomics.load(gate, JOB), part, part + 1, thread);
      Atomics.add(gate, DONE, 1);
    }
  }

  function run(job, parts) {
    if (used < 2 || parts < 2 || parts > mostParts) {
      kernel.work(job, 0, parts, 0);
      return;
    }
    Atomics.store(gate, JOB, job);
    Atomics.store(gate, DONE, 0);
    Atomics.store(gate, OPEN, parts << 16);
    if (Atomics.load(gate, ASLEEP) > 0) Atomics.notify(gate, OPEN);
    take(gate, kernel, 0);
    for (let looks = 0; Atomics.load(gate, DONE) < parts; looks++) {
      // A thread that has a part but no processor: let it have this one.
      if (looks > patience) Atomics.wait(gate, DONE, parts - 1, 1);
    }
  }

  // serve works for another thread, for ever; the first has number 1.
  function serve(module, memory, gate, thread) {
    const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
    for (let looks = 0; ; looks++) {
      const open = Atomics.load(gate, OPEN);
      if ((open & 0xffff) < open >> 16) {
        take(gate, kernel, thread);
        looks = 0;
      } else if (looks > patience) {
        Atomics.add(gate, ASLEEP, 1);
        Atomics.wait(gate, OPEN, open);
        Atomics.sub(gate, ASLEEP, 1);
        looks = 0;
      }
    }
  }

  return {
    // The module "mien" that Go imports.
    imports: {
      level: () => level,
      threads(want) {
        if (want > 0) used = Math.min(want, lent);
        return used;
      },
      lent: () => lent,
      run,
      block: (...args) => kernel.block(...args),
    },
    serve,
    // start takes the best build that this machine runs; read gets a file's
    // bytes by name. For a shared memory, spawn(module, memory, gate) starts the
    // other threads, which call serve with these and their number, and returns how
    // many.
    async start(memory, read, spawn) {
      const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
      for (const [name, l] of [['kernel-fma.wasm', 2], ['kernel.wasm', 1]]) {
        try {
          let bytes = new Uint8Array(await read(name));
          if (!WebAssembly.validate(bytes)) continue;
          if (shared) bytes = mienShare.patch(bytes, mienShare.pages(memory)).bytes;
          const module = await WebAssembly.compile(bytes);
          kernel = (await WebAssembly.instantiate(module, { env: { memory } })).exports;
          level = l;
          if (shared && spawn) {
            gate = new Int32Array(new SharedArrayBuffer(4 * SIZE));
            lent = used = 1 + spawn(module, memory, gate);
          }
          return;
        } catch (err) {
          console.warn(`${name} is not used`, err);
        }
      }
    },
  };
})();
