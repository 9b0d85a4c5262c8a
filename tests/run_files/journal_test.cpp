#include "core/journal.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/journal_line.h"
#include "core/journal_reader.h"
#include "python.h"
#include "small_disk.h"
#include "support/temporary_folder.h"
#include "throws.h"

using namespace dl;
using namespace dl::host;
namespace fs = std::filesystem;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Event metrics(int64_t step, std::vector<std::pair<std::string, double>> values) {
  return {.time_ms = 1000 + step, .step = step, .epoch = 1, .metrics = std::move(values)};
}

std::vector<Event> read_all(JournalReader& reader) {
  std::vector<Event> events;
  while (auto event = reader.next()) events.push_back(std::move(*event));
  return events;
}

/// Equal as bits, so that 0.0 and -0.0 differ.
bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(journal)

BOOST_AUTO_TEST_CASE(lines_look_as_documented) {
  BOOST_TEST(journal_line(metrics(120, {{"train_loss", 0.43}, {"lr", 0.01}})) ==
             R"({"time_ms":1120,"step":120,"epoch":1,"metrics":{"train_loss":0.43,"lr":0.01}})");
  BOOST_TEST(journal_line(metrics(1, {{"a", kNaN}, {"b", kInfinity}, {"c", -kInfinity}, {"d", 5}})) ==
             R"({"time_ms":1001,"step":1,"epoch":1,"metrics":{"a":"NaN","b":"Infinity","c":"-Infinity","d":5.0}})");
  Event event{.type = Event::Type::status, .time_ms = 7, .name = "finished"};
  BOOST_TEST(journal_line(event) == R"({"time_ms":7,"step":0,"epoch":0,"type":"status","name":"finished"})");
  event = {.type = Event::Type::artifact, .time_ms = 7, .name = "plot", .path = "artifacts/plot \"1\".png"};
  BOOST_TEST(journal_line(event) ==
             R"({"time_ms":7,"step":0,"epoch":0,"type":"artifact","name":"plot","path":"artifacts/plot \"1\".png"})");
  event = {.type = Event::Type::params, .time_ms = 7};
  event.params.at("lr") = Value(0.1);
  event.params.at("layers") = Value(Value::List{Value(1), Value(2)});
  event.params.at("model").at("name") = Value("é\n");
  BOOST_TEST(journal_line(event) == R"({"time_ms":7,"step":0,"epoch":0,"type":"params",)"
                                    R"("params":{"lr":0.1,"layers":[1,2],"model":{"name":"é\n"}}})");
}

BOOST_AUTO_TEST_CASE(events_come_back_whole) {
  Event event{.type = Event::Type::params, .time_ms = 7, .step = -3, .epoch = 2};
  event.params.at("integer") = Value(int64_t{9007199254740993});
  event.params.at("float") = Value(5.0);
  event.params.at("flag") = Value(true);
  event.params.at("text") = Value("NaN");
  event.params.at("list") = Value(Value::List{Value(1.5), Value("x"), Value(Value::Table{})});
  const auto back = parse_journal_line(journal_line(event));
  BOOST_TEST((back.type == Event::Type::params));
  BOOST_TEST(back.time_ms == 7);
  BOOST_TEST(back.step == -3);
  BOOST_TEST(back.epoch == 2);
  BOOST_TEST((back.params == event.params), back.params.text());

  const auto numbers = parse_journal_line(journal_line(metrics(1, {{"z", kNaN}, {"a", kInfinity}, {"m", -kInfinity}})));
  BOOST_TEST_REQUIRE(numbers.metrics.size() == 3);
  BOOST_TEST(numbers.metrics[0].first == "z");
  BOOST_TEST(std::isnan(numbers.metrics[0].second));
  BOOST_TEST(numbers.metrics[1].second == kInfinity);
  BOOST_TEST(numbers.metrics[2].second == -kInfinity);
}

BOOST_AUTO_TEST_CASE(every_double_keeps_its_bits) {
  std::mt19937_64 random(3);
  std::vector<double> numbers = {0.0,     -0.0, 5e-324,      std::numeric_limits<double>::max(), 0.1,
                                 1.0 / 3, 1e22, 123456789.0, -std::numeric_limits<double>::min()};
  while (numbers.size() < 20'000) {
    const uint64_t bits = random();
    double number;
    std::memcpy(&number, &bits, sizeof number);
    if (std::isfinite(number)) numbers.push_back(number);
  }
  for (const double number : numbers) {
    const auto line = journal_line(metrics(1, {{"x", number}}));
    BOOST_TEST_REQUIRE(same_bits(parse_journal_line(line).metrics.at(0).second, number), line);
  }
}

BOOST_AUTO_TEST_CASE(python_reads_it_as_strict_json) {
  const TemporaryFolder run;
  std::vector<Event> events = {metrics(1, {{"loss", 0.1}, {"bad", kNaN}, {"up", kInfinity}, {"down", -kInfinity}}),
                               metrics(2, {{"größe \xff \"q\"", -0.0}, {"third", 1.0 / 3}})};
  Journal(run.path()).append(events);
  BOOST_TEST(run_python("journal_lines.py", {run / "metrics.jsonl"}) ==
             "1 loss 0x1.999999999999ap-4\n1 bad NaN\n1 up Infinity\n1 down -Infinity\n"
             "2 größe \xEF\xBF\xBD \"q\" -0x0.0p+0\n2 third 0x1.5555555555555p-2\n");
}

BOOST_AUTO_TEST_CASE(offsets_are_the_ends_of_the_lines) {
  const TemporaryFolder run;
  Journal journal(run.path());
  std::vector<Event> events = {metrics(1, {{"loss", 0.5}}), metrics(2, {{"loss", 0.25}})};
  journal.append(events);
  const auto text = read_text(run / "metrics.jsonl");
  BOOST_TEST(events[0].offset == static_cast<int64_t>(text.find('\n')) + 1);
  BOOST_TEST(events[1].offset == static_cast<int64_t>(text.size()));
  BOOST_TEST(journal.offset() == events[1].offset);

  JournalReader reader(run.path(), events[0].offset);
  const auto rest = read_all(reader);
  BOOST_TEST_REQUIRE(rest.size() == 1);
  BOOST_TEST(rest[0].step == 2);
  BOOST_TEST(rest[0].offset == events[1].offset);
  check_error([&] { JournalReader(run.path(), events[1].offset + 1); }, {run / "metrics.jsonl", "another run's"});
  check_error([&] { JournalReader(run / "none"); }, {run / "none", "no journal"});
}

BOOST_AUTO_TEST_CASE(appends_to_what_is_there) {
  const TemporaryFolder run;
  for (int step = 1; step <= 2; ++step) {
    Journal journal(run.path());
    BOOST_TEST(journal.repaired() == "");
    std::vector<Event> events = {metrics(step, {{"loss", 0.5}})};
    journal.append(events);
  }
  JournalReader reader(run.path());
  BOOST_TEST(read_all(reader).size() == 2);
  BOOST_TEST(reader.problems().empty());
}

BOOST_AUTO_TEST_CASE(a_torn_line_is_passed_over_and_cut_off) {
  const TemporaryFolder run;
  std::vector<Event> events = {metrics(1, {{"loss", 0.5}})};
  Journal(run.path()).append(events);
  const auto whole = read_text(run / "metrics.jsonl");
  write_text(run / "metrics.jsonl", whole + R"({"time_ms":1002,"st)" + std::string(100'000, 'x'));

  JournalReader reader(run.path());
  BOOST_TEST(read_all(reader).size() == 1);
  BOOST_TEST_REQUIRE(reader.problems().size() == 1);
  BOOST_TEST(reader.problems()[0].find("torn") != std::string::npos);

  Journal journal(run.path());
  BOOST_TEST(journal.repaired().find("bytes " + std::to_string(whole.size()) + " to ") != std::string::npos);
  BOOST_TEST(read_text(run / "metrics.jsonl") == whole);
  journal.append(events);
  BOOST_TEST(read_text(run / "metrics.jsonl") == whole + whole);
}

BOOST_AUTO_TEST_CASE(bad_lines_are_reported_with_their_place) {
  const TemporaryFolder run;
  const auto good = journal_line(metrics(1, {{"loss", 0.5}})) + "\n";
  write_text(run / "metrics.jsonl", good + "rubbish\n" + R"({"time_ms":1,"step":1,"epoch":1,"metrics":{"a":"x"}})" +
                                        "\n" + R"({"time_ms":1,"step":1,"epoch":1,"type":"song"})" + "\n[]\n" + good);
  JournalReader reader(run.path());
  BOOST_TEST(read_all(reader).size() == 2);
  BOOST_TEST_REQUIRE(reader.problems().size() == 4);
  BOOST_TEST(reader.problems()[0].find("bytes from " + std::to_string(good.size())) != std::string::npos);
  BOOST_TEST(reader.problems()[1].find("\"x\" instead of a number") != std::string::npos);
  BOOST_TEST(reader.problems()[2].find("\"song\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tensors_are_kept_beside_it) {
  const TemporaryFolder run;
  std::vector<Event> events(2);
  events[0] = {.type = Event::Type::image,
               .time_ms = 1,
               .step = 5,
               .name = "samples/../x",
               .tensor = at::arange(12, at::kByte).view({3, 2, 2})};
  events[1] = {
      .type = Event::Type::histogram, .time_ms = 1, .step = 5, .name = "weights", .tensor = at::arange(7, at::kFloat)};
  Journal(run.path()).append(events);
  for (const auto& event : events) {
    BOOST_TEST(fs::path(event.path).parent_path() == "artifacts/events");
    BOOST_TEST(fs::exists(run / event.path));
  }
  JournalReader reader(run.path());
  const auto back = read_all(reader);
  BOOST_TEST_REQUIRE(back.size() == 2);
  BOOST_TEST(back[0].name == "samples/../x");
  BOOST_TEST(at::equal(back[0].tensor, events[0].tensor));
  BOOST_TEST(at::equal(back[1].tensor, events[1].tensor));

  fs::remove(run / events[0].path);
  JournalReader again(run.path());
  BOOST_TEST(read_all(again).size() == 1);
  BOOST_TEST_REQUIRE(again.problems().size() == 1);
  BOOST_TEST(again.problems()[0].find("samples/../x") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_full_disk_tears_no_line) {
  const TemporaryFolder run;
  Journal journal(run.path());
  std::vector<Event> events = {metrics(1, {{"loss", 0.5}})};
  journal.append(events);
  const auto before = read_text(run / "metrics.jsonl");
  {
    const FileSizeLimit limit(before.size() + 10);
    check_error([&] { journal.append(events); }, {run / "metrics.jsonl", "File too large"});
  }
  BOOST_TEST(read_text(run / "metrics.jsonl") == before);
  journal.append(events);
  BOOST_TEST(read_text(run / "metrics.jsonl") == before + before);
  BOOST_TEST(events[0].offset == static_cast<int64_t>(2 * before.size()));
}

BOOST_AUTO_TEST_SUITE_END()
