/** Whose device the screen is on. A branch's tablet is no telephone, and what is copied there waits for the next customer. */
import { createContext, useContext } from "react";

const SharedContext = createContext(false);
export const SharedProvider = SharedContext.Provider;

/** It is a branch's tablet, not the customer's own device. */
export function useIsShared(): boolean {
  return useContext(SharedContext);
}
