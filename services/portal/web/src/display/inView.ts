import { type RefObject, useEffect, useRef } from "react";

/** An element that comes into view when it is chosen elsewhere. */
export function useInView<T extends HTMLElement>(chosen: boolean): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen]);
  return element;
}
