/** Ends what services-setup.ts started. */
async function tearDownServices(): Promise<void> {
  await globalThis.failoverTestServices?.release();
}

// jest calls the default export.
export { tearDownServices as default };
