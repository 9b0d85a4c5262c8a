#include "dl/plugin.h"

#include "csv_logger.h"

DL_PLUGIN("csv", "0.1.0", "Metrics as a table in a file") { r.add<csv::CSVLogger>("CSVLogger"); }
