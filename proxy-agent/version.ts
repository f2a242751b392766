/** As reports tell it. */
export const agentVersion = '0.2.0';
