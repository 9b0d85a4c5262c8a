#include "core/console.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "dl/error.h"

namespace dl::host {

namespace {

bool is_terminal(std::FILE* file) {
  const char* kind = std::getenv("TERM");
  return ::isatty(::fileno(file)) != 0 && (kind == nullptr || std::string_view(kind) != "dumb");
}

/// At most `width` characters of UTF-8.
std::string_view cut(std::string_view text, int width) {
  int characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && ++characters > width) return text.substr(0, i);
  return text;
}

std::shared_ptr<spdlog::logger> terminal_logger(std::FILE* file, bool colors, const char* pattern) {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_sink<spdlog::details::console_nullmutex>>(
      file, colors && is_terminal(file) ? spdlog::color_mode::always : spdlog::color_mode::never);
  auto logger = std::make_shared<spdlog::logger>("terminal", std::move(sink));
  logger->set_pattern(pattern);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace

/// All that is guarded by the mutex, so that spdlog's single-threaded forms do.
struct Console::Sinks {
  explicit Sinks(Settings from)
      : settings(from),
        progress_possible(from.prints && from.terminal && is_terminal(from.out)),
        out(terminal_logger(from.out, false, "%v")),
        err(terminal_logger(from.err, from.terminal, "%^%l:%$ %v")) {}

  void clear_progress() {
    if (progress.empty()) return;
    std::fputs("\r\x1b[K", settings.out);
    std::fflush(settings.out);
  }
  void draw_progress() {
    if (progress.empty()) return;
    std::fputs(progress.c_str(), settings.out);
    std::fflush(settings.out);
  }
  void say(spdlog::level::level_enum level, std::string_view text, bool terminal, bool file) {
    const std::lock_guard lock(mutex);
    const auto line = spdlog::string_view_t(text.data(), text.size());
    if (terminal) {
      clear_progress();
      (level == spdlog::level::info ? out : err)->log(level, line);
      draw_progress();
    }
    if (file && log) log->log(level, line);
  }
  /// With the rank where there is more than one.
  std::string named(std::string_view text) const {
    if (settings.world_size == 1) return std::string(text);
    return "rank " + std::to_string(settings.rank) + ": " + std::string(text);
  }

  const Settings settings;
  const bool progress_possible;
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> out, err, log;
  std::string progress;  ///< what stands on the terminal's last line now
};

Console::Console() : Console(Settings{}) {}
Console::Console(Settings settings) : sinks_(std::make_unique<Sinks>(settings)) {}
Console::~Console() { show_progress(""); }

void Console::info(std::string_view text) {
  if (sinks_->settings.prints) sinks_->say(spdlog::level::info, text, true, true);
}

void Console::warn(std::string_view text) {
  const bool prints = sinks_->settings.prints;
  sinks_->say(spdlog::level::warn, prints ? std::string(text) : sinks_->named(text), prints, true);
}

void Console::error(std::string_view text) { sinks_->say(spdlog::level::err, sinks_->named(text), true, true); }

void Console::note(std::string_view text) {
  if (sinks_->settings.prints) sinks_->say(spdlog::level::info, text, false, true);
}

void Console::log_to(const std::filesystem::path& log_file) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(log_file.string(), false);
    auto logger = std::make_shared<spdlog::logger>("log", std::move(sink));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::trace);
    const std::lock_guard lock(sinks_->mutex);
    sinks_->log = std::move(logger);
  } catch (const spdlog::spdlog_ex& e) {
    throw Error("cannot write " + log_file.string() + ": " + e.what());
  }
}

bool Console::shows_progress() const { return sinks_->progress_possible; }

int Console::columns() const {
  if (const char* text = std::getenv("COLUMNS"))
    if (const int columns = std::atoi(text); columns > 0) return columns;
  winsize size{};
  if (::ioctl(::fileno(sinks_->settings.out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void Console::show_progress(std::string_view line) {
  if (!sinks_->progress_possible) return;
  const std::lock_guard lock(sinks_->mutex);
  sinks_->clear_progress();
  // One column is left free: a full last column makes some terminals wrap.
  sinks_->progress = cut(line, columns() - 1);
  sinks_->draw_progress();
}

}  // namespace dl::host
