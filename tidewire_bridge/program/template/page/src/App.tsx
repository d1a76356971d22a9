import { useState } from "react";
import type { Host } from "tidewire";
import type { Client, Reading } from "./contract";

export function App({ host, program }: { host: Host; program: Client }) {
  const [readings, setReadings] = useState<Reading[]>([]);
  const [mean, setMean] = useState(0);
  const [error, setError] = useState("");

  async function measure() {
    setError("");
    const found: Reading[] = [];
    for await (const reading of host.items(await program.tide.readings(5))) {
      found.push(reading);
      setReadings([...found]);
    }
    setMean(await program.tide.mean(found.map(({ metres }) => metres)));
  }

  return (
    <>
      <button type="button" onClick={() => measure().catch((e) => setError(e.message))}>
        Measure
      </button>
      <output>{`${readings.length} readings, mean ${mean.toFixed(1)} m`}</output>
      {error && <p role="alert">{error}</p>}
    </>
  );
}
