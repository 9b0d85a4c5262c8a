#include "dl/problems.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace dl {

void Problems::add(Place place, std::string table, std::string message) {
  list_.push_back({std::move(place), std::move(table), std::move(message)});
}

std::string Problems::text() const {
  auto sorted = list_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  std::string out;
  for (const auto& problem : sorted) {
    if (!out.empty()) out += "\n";
    if (const auto place = problem.place.text(); !place.empty()) out += place + ": ";
    if (!problem.table.empty()) out += "[" + problem.table + "] ";
    out += problem.message;
  }
  return out;
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// Optimal string alignment distance, without regard to case.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = last;
    last = now;
  }
  return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    if (const size_t d = distance(name, candidate); d < best_distance && d < std::max(name.size(), candidate.size())) {
      best = candidate;
      best_distance = d;
    }
  }
  if (!best.empty() || name.size() < 4) return best;
  for (const auto& candidate : candidates)  // "epochs" for "num_epochs"
    if (candidate.find(name) != std::string::npos && (best.empty() || candidate.size() < best.size())) best = candidate;
  if (!best.empty()) return best;
  for (const auto& candidate : candidates)  // "training" for "train"
    if (candidate.size() >= 4 && name.find(candidate) != std::string_view::npos && candidate.size() > best.size())
      best = candidate;
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const auto near = nearest(name, candidates);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

}  // namespace dl
