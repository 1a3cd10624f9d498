// Runs ONNX Runtime as a server for bench/ml: node ort.js FOLDER THREADS
// Reads "image|text BATCH RUNS", answers one line "WALL_MS CPU_MS" per run and then
// "done PEAK_KB VECTORS".
const fs = require("fs"), path = require("path"), readline = require("readline");
const ort = require("onnxruntime-node");

const [dir, threads] = process.argv.slice(2);
const options = { intraOpNumThreads: +threads, interOpNumThreads: 1, graphOptimizationLevel: "all", executionMode: "sequential" };

async function main() {
  const vision = await ort.InferenceSession.create(path.join(dir, "vision.onnx"), options);
  const text = await ort.InferenceSession.create(path.join(dir, "text.onnx"), options);
  const input = JSON.parse(fs.readFileSync(path.join(dir, "inputs.json")));
  const bytes = fs.readFileSync(path.join(dir, "pixels.f32"));
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const one = 3 * input.side * input.side;

  // Texts of a batch have the length of its longest.
  function tokens(n) {
    const length = Math.max(...input.ids.slice(0, n).map((ids) => ids.length));
    const ids = new BigInt64Array(n * length).fill(BigInt(input.eos));
    const pool = new BigInt64Array(n);
    for (let i = 0; i < n; i++) {
      input.ids[i].forEach((id, j) => { ids[i * length + j] = BigInt(id); });
      pool[i] = BigInt(input.ids[i].length - 1);
    }
    return { ids: new ort.Tensor("int64", ids, [n, length]), pool: new ort.Tensor("int64", pool, [n, 1]) };
  }

  console.log("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [kind, n, runs] = line.split(" ").map((v, i) => (i ? +v : v));
    const session = kind === "image" ? vision : text;
    const feed = kind === "image" ? { pixels: new ort.Tensor("float32", pixels.slice(0, n * one), [n, 3, input.side, input.side]) } : tokens(n);
    let out;
    for (let i = 0; i < runs; i++) {
      const cpu = process.cpuUsage(), start = process.hrtime.bigint();
      out = await session.run(feed);
      const wall = Number(process.hrtime.bigint() - start) / 1e6, used = process.cpuUsage(cpu);
      console.log(wall.toFixed(3), ((used.user + used.system) / 1e3).toFixed(3));
    }
    const peak = fs.readFileSync("/proc/self/status", "utf8").match(/VmHWM:\s+(\d+)/)[1];
    console.log("done", peak, Buffer.from(out.vectors.data.buffer, out.vectors.data.byteOffset, out.vectors.data.byteLength).toString("base64"));
  }
}

main().catch((e) => { console.error(e); process.exit(1); });
