/** English texts for prompt templates. */

export const templatesInEnglish = {
  preview: "Preview",
  instructions: "Instructions for this chat",
  message: "Message",
  change: "Change",
} as const;
