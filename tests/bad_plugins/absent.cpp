extern "C" __attribute__((visibility("default"))) int zoo_absent() { return 1; }
