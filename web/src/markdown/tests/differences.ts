/** The examples whose result differs from react-markdown with remark-gfm. */

export interface Difference {
  /** The example's number in the CommonMark specification, or its text from our GFM list. */
  readonly example: number | string;
  readonly because: string;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    example: 25,
    because:
      "Of HTML's 2,231 names for characters the 300 that people write are known; the rest, such as " +
      "&ClockwiseContourIntegral;, stand as they were written. The whole list would be 30 KB.",
  },
  {
    example: 606,
    because:
      "remark-gfm finds a mail address in `<foo\\+@bar.example.com>` once the backslash is gone. " +
      "The specification asks for text, and text it is here.",
  },
];
