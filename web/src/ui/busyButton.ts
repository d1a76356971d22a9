/** What a button is given that does nothing for a while. A disabled one loses the focus. */

export function busyButton(isFree: boolean, act: () => void) {
  return {
    "aria-disabled": !isFree,
    onClick: () => {
      if (isFree) act();
    },
  };
}
