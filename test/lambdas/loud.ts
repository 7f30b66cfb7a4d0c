// Imported first: Powertools reads these when it is loaded. Its logger then writes to the console, where it is heard.
process.env.POWERTOOLS_LOG_LEVEL = 'DEBUG';
process.env.POWERTOOLS_DEV = 'true';
process.env.POWERTOOLS_METRICS_DISABLED = 'true';
