/** The start of the current day, updated at midnight. */
import { useEffect, useState } from "react";

/** A timer may fire a little early. */
const LATE_MS = 100;

export function useToday(): number {
  const [today, setToday] = useState(() => startOfDay(Date.now()));
  useEffect(() => {
    const update = () => setToday(startOfDay(Date.now()));
    const timer = setTimeout(update, startOfDay(today, 1) - Date.now() + LATE_MS);
    // Timers stop while the computer sleeps.
    document.addEventListener("visibilitychange", update);
    window.addEventListener("focus", update);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", update);
      window.removeEventListener("focus", update);
    };
  }, [today]);
  return today;
}

/** In milliseconds since the epoch; days may have 23 or 25 hours. */
function startOfDay(time: number, later = 0): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + later).getTime();
}
