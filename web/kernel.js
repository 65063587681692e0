// Lends a Go program the vector kernels of kernel.wasm, which Go's compiler
// cannot make itself. They work on Go's own memory, so they start after Go's
// module is there and before it runs. Without them Go's own loops serve.
//
// Where memory is shared (see share.js), other threads take parts of a job too.
// A gate of a few numbers lets them in; the order of parts never matters:
//
//   NEXT    the parts that nobody has taken, and above them the job's number, so
//           that who was late takes nothing of a later job for an earlier one's
//   JOB     where the job lies in memory
//   DONE    how many parts are complete
//   ASLEEP  how many threads wait for NEXT to change
globalThis.mienKernel = (() => {
  const [NEXT, JOB, DONE, ASLEEP, SIZE] = [0, 1, 2, 3, 4];
  const PARTS = 12; // bits of NEXT that count parts
  const mask = (1 << PARTS) - 1;
  // How often to look before sleeping: some 100 microseconds, longer than the
  // pause between two jobs of a frame.
  const patience = 20000;

  let level = 0;
  let kernel = {};
  let gate = null;
  let lent = 1; // threads that there are, this one included
  let used = 1; // threads that share a job
  let number = 0;

  // take works on the current job until no part is left.
  function take(gate, kernel) {
    for (;;) {
      const next = Atomics.load(gate, NEXT);
      const left = next & mask;
      if (left === 0) return;
      const job = Atomics.load(gate, JOB);
      if (Atomics.compareExchange(gate, NEXT, next, next - 1) !== next) continue;
      kernel.work(job, left - 1, left);
      Atomics.add(gate, DONE, 1);
    }
  }

  function run(job, parts) {
    if (used < 2 || parts < 2 || parts > mask) {
      kernel.work(job, 0, parts);
      return;
    }
    number = (number + 1) & (0xffffffff >>> PARTS);
    Atomics.store(gate, JOB, job);
    Atomics.store(gate, DONE, 0);
    Atomics.store(gate, NEXT, (number << PARTS) | parts);
    if (Atomics.load(gate, ASLEEP) > 0) Atomics.notify(gate, NEXT);
    take(gate, kernel);
    for (let looks = 0; Atomics.load(gate, DONE) < parts; looks++) {
      // A thread that has a part but no processor: let it have this one.
      if (looks > patience) Atomics.wait(gate, DONE, parts - 1, 1);
    }
  }

  // serve works for another thread, for ever.
  function serve(module, memory, gate) {
    const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
    for (let looks = 0; ; looks++) {
      const next = Atomics.load(gate, NEXT);
      if ((next & mask) !== 0) {
        take(gate, kernel);
        looks = 0;
      } else if (looks > patience) {
        Atomics.add(gate, ASLEEP, 1);
        Atomics.wait(gate, NEXT, next);
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
      run,
      block: (...args) => kernel.block(...args),
    },
    serve,
    // start takes the best build that this machine runs; read gets a file's
    // bytes by name. For a shared memory, spawn(module, memory, gate) starts the
    // other threads, which call serve with these, and returns how many.
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
