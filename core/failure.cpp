#include "core/failure.h"

#include <c10/util/Exception.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <new>
#include <thread>

#include "core/errors.h"
#include "core/plugin_loader.h"

namespace dl::host {

int Failure::report(int code, const std::string& text) {
  // The same error mostly strikes every rank: rank 0 speaks first, and takes the others with it before they speak. From
  // now on SIGTERM, which mpirun sends a second later, ends this rank.
  if (launch.size > 1 && launch.rank != 0) {
    std::signal(SIGTERM, SIG_DFL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500 + 100 * launch.rank));
  }
  console.error(building ? text : where.text() + ": " + text);
  try {
    if (record) record();
  } catch (const std::exception& error) {
    console.error(error.what());
  }
  if (control && control->size() > 1) control->abort(code);
  return code;
}

int Failure::guard(const std::function<int()>& body) {
  try {
    return body();
  } catch (const UsageError& error) {
    return report(kBadUsage, error.what());
  } catch (const PluginError& error) {
    return report(kBadPlugin, error.what());
  } catch (const FailedElsewhere& error) {
    std::this_thread::sleep_for(std::chrono::seconds(5));  // the rank that knows the cause ends this one before
    return report(kRunFailed, error.what());
  } catch (const Error& error) {
    return report(building ? kBadUsage : kRunFailed, error.what());
  } catch (const c10::Error& error) {
    return report(kRunFailed, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return report(kRunFailed, "out of memory; a smaller [data] batch_size needs less");
  } catch (const std::exception& error) {
    return report(kRunFailed, error.what());
  } catch (...) {
    return report(kRunFailed, "a plugin threw something that is no std::exception");
  }
}

}  // namespace dl::host
