import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";

/** Why nothing was done with a task. */
export function actWords(texts: Texts, error: Error): string {
  if (isAbout(error, "task-changed")) return texts.taskChanged;
  if (isAbout(error, "task-taken")) return texts.taskTaken;
  if (isAbout(error, "task-over")) return texts.taskOver;
  if (isAbout(error, "not-your-task")) return texts.taskNotYours;
  return generalWords(texts, error) ?? texts.failedPlain;
}
