#include <boost/test/unit_test.hpp>
#include <thread>

#include "dl/data.h"
#include "idx_folder.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using dl::Split;
using support::says;
using support::table;

namespace {

struct Fixture : IdxFolder {
  Fixture() { write_all(); }

  std::shared_ptr<dl::Data> make(const dl::Value& params = {}, const std::string& name = "MNIST") const {
    const dl::DataContext context{path.string()};
    return plugin().make<dl::Data>(name, params, &context);
  }
  static dl::Tensors batch(const dl::Data& data, Split split, std::vector<int64_t> indices) {
    return data.get_batch(split, indices);
  }
  /// Constructs, reads the training images, and expects an Error that says `parts` at one of the two.
  void refused(std::vector<std::string> parts, const dl::Value& params = {}) const {
    BOOST_CHECK_EXCEPTION(batch(*make(params), Split::train, {0}), dl::Error, says(std::move(parts)));
  }
};

std::vector<double> from(double first, int count) {
  std::vector<double> result;
  for (int i = 0; i < count; ++i) result.push_back(first + i);
  return result;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mnist_format, Fixture)

BOOST_AUTO_TEST_CASE(splits_and_rows_are_where_they_belong) {
  const auto data = make();
  BOOST_CHECK_EQUAL(data->size(Split::train), 5);
  for (const auto split : {Split::validation, Split::test, Split::predict}) BOOST_CHECK_EQUAL(data->size(split), 3);
  BOOST_CHECK(data->has_batches());
  const auto train = batch(*data, Split::train, {4, 0, 4});
  BOOST_REQUIRE_EQUAL(train.size(), 2);
  BOOST_CHECK(train[0].sizes() == (at::IntArrayRef{3, 1, 2, 3}) && train[0].scalar_type() == at::kByte);
  BOOST_CHECK(train[1].scalar_type() == at::kLong);
  BOOST_CHECK(oracle::flat(train[0][0]) == from(24, 6));
  BOOST_CHECK(oracle::flat(train[0][1]) == from(0, 6));
  BOOST_CHECK(oracle::flat(train[1]) == (std::vector<double>{5, 3, 5}));
  for (const auto split : {Split::validation, Split::test}) {
    const auto test = batch(*data, split, {1});
    BOOST_CHECK(oracle::flat(test[0]) == from(106, 6));
    BOOST_CHECK_EQUAL(test[1].item<int64_t>(), 2);
  }
  BOOST_CHECK_EQUAL(batch(*data, Split::predict, {1}).size(), 1);
}

BOOST_AUTO_TEST_CASE(validation_can_be_held_out_from_the_end_of_the_training_set) {
  const auto data = make(table({{"validation_size", 2}}));
  BOOST_CHECK_EQUAL(data->size(Split::train), 3);
  BOOST_CHECK_EQUAL(data->size(Split::validation), 2);
  BOOST_CHECK_EQUAL(data->size(Split::test), 3);
  BOOST_CHECK(oracle::flat(batch(*data, Split::validation, {0})[0]) == from(18, 6));
  BOOST_CHECK(oracle::flat(batch(*data, Split::validation, {0, 1})[1]) == (std::vector<double>{1, 5}));
  BOOST_CHECK_EXCEPTION(batch(*data, Split::train, {3}), dl::Error, says({"index 3", "[0, 2]", "train"}));
  BOOST_CHECK_EXCEPTION(batch(*data, Split::validation, {-1}), dl::Error, says({"index -1", "validation"}));
  refused({"validation_size = 5", "train-images-idx3-ubyte", "5 images"}, table({{"validation_size", 5}}));
}

BOOST_AUTO_TEST_CASE(a_sample_is_a_row_of_a_batch_and_a_copy) {
  const auto data = make();
  dl::Rng rng(0, "");
  const auto sample = data->get(Split::train, 2, rng);
  BOOST_CHECK(sample[0].sizes() == (at::IntArrayRef{1, 2, 3}) && sample[1].dim() == 0);
  sample[0].fill_(0);
  BOOST_CHECK(oracle::flat(data->get(Split::train, 2, rng)[0]) == from(12, 6));
  const auto collated = data->collate({data->get(Split::train, 1, rng), data->get(Split::train, 2, rng)});
  const auto direct = batch(*data, Split::train, {1, 2});
  BOOST_CHECK(collated[0].equal(direct[0]) && collated[1].equal(direct[1]));
}

BOOST_AUTO_TEST_CASE(finish_scales_bytes_and_leaves_floats_alone) {
  auto finished = [&](const dl::Value& params) {
    const auto data = make(params);
    return data->finish(Split::train, batch(*data, Split::train, {4}));
  };
  const auto plain = finished(table({{"normalize", false}}));
  BOOST_CHECK(plain[0].scalar_type() == at::kFloat && plain[1].scalar_type() == at::kLong);
  BOOST_CHECK_EQUAL(plain[0].flatten()[0].item<float>(), 24.0F / 255);
  const auto own = finished(table({{"mean", 0.5}, {"std", 0.25}}));
  BOOST_CHECK_EQUAL(own[0].flatten()[1].item<float>(), (25.0F / 255 - 0.5F) / 0.25F);
  const auto twice = make()->finish(Split::train, {own[0]});
  BOOST_CHECK(twice[0].equal(own[0]));
}

BOOST_AUTO_TEST_CASE(train_files_are_not_decoded_for_the_test_split) {
  write("train-labels-idx1-ubyte", labels({3, 1, 4, 1, 77}));
  const auto data = make();
  BOOST_CHECK_EQUAL(data->size(Split::train), 5);
  BOOST_CHECK_EQUAL(batch(*data, Split::test, {0})[1].item<int64_t>(), 9);
  for (int attempt = 0; attempt < 2; ++attempt)
    BOOST_CHECK_EXCEPTION(batch(*data, Split::train, {0}), dl::Error,
                          says({"train-labels-idx1-ubyte", "label 77", "[0, 9]"}));
}

BOOST_AUTO_TEST_CASE(several_threads_may_ask_first) {
  for (int round = 0; round < 20; ++round) {
    const auto data = make();
    std::array<dl::Tensors, 4> seen;
    std::vector<std::thread> threads;
    for (auto& mine : seen) threads.emplace_back([&] { mine = batch(*data, Split::train, {4}); });
    for (auto& thread : threads) thread.join();
    for (const auto& each : seen) BOOST_REQUIRE(oracle::flat(each[0]) == from(24, 6));
  }
}

BOOST_AUTO_TEST_CASE(torchvisions_folder_is_found_and_the_plain_one_goes_first) {
  const auto raw = path / "MNIST" / "raw";
  std::filesystem::create_directories(raw);
  for (const char* file :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"})
    std::filesystem::rename(path / file, raw / file);
  BOOST_CHECK_EQUAL(make()->size(Split::train), 5);
  write_all();
  write("train-images-idx3-ubyte", images(4, 0));
  write_gz("train-labels-idx1-ubyte.gz", labels({0, 0, 0, 0}));
  BOOST_CHECK_EQUAL(make()->size(Split::train), 4);
}

BOOST_AUTO_TEST_CASE(missing_files_are_named_with_all_places_and_the_remedy) {
  std::filesystem::remove(path / "t10k-labels-idx1-ubyte");
  refused({path.string(), "no t10k-labels-idx1-ubyte", ".gz", "[data] root"});
  const dl::DataContext nothing_here{(path / "empty").string()}, no_root;
  auto make_at = [](const dl::DataContext& context) { return plugin().make<dl::Data>("MNIST", {}, &context); };
  BOOST_CHECK_EXCEPTION(make_at(nothing_here), dl::Error,
                        says({"train-images-idx3-ubyte", (path / "empty").string() + ",",
                              (path / "empty" / "MNIST" / "raw").string(), "[data] root"}));
  BOOST_CHECK_EXCEPTION(make_at(no_root), dl::Error, says({"[data] root is not set"}));
}

BOOST_AUTO_TEST_CASE(fashion_mnist_names_the_package) {
  std::filesystem::remove(path / "t10k-labels-idx1-ubyte");
  BOOST_CHECK_EXCEPTION(make({}, "FashionMNIST"), dl::Error,
                        says({"apt-get install dataset-fashion-mnist", "[data] root"}));
}

BOOST_AUTO_TEST_CASE(files_of_another_format_are_refused) {
  write("train-images-idx3-ubyte", labels({1, 2, 3}) + "0123456789");
  refused({"train-images-idx3-ubyte", "0x00000803", "0x00000801"});
  write("train-images-idx3-ubyte", "PK\3\4 and so on, and on");
  refused({"train-images-idx3-ubyte", "0x00000803", "0x504b0304"});
  write("train-images-idx3-ubyte", std::string("\0\0\x8\x3\0\0", 6));
  refused({"train-images-idx3-ubyte", "header of 16 bytes"});
}

BOOST_AUTO_TEST_CASE(truncated_and_overlong_files_are_refused_with_both_lengths) {
  const auto whole = images(5, 0);
  write("train-images-idx3-ubyte", whole.substr(0, 40));
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"train-images-idx3-ubyte", "expected 46 bytes", "found 40"}));
  write("train-images-idx3-ubyte", whole + "x");
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"train-images-idx3-ubyte", "expected 46 bytes", "found 47"}));
  std::filesystem::remove(path / "train-images-idx3-ubyte");
  write_gz("train-images-idx3-ubyte.gz", whole.substr(0, 40));
  refused({"train-images-idx3-ubyte.gz", "expected 46 bytes", "found 40"});
  write_gz("train-images-idx3-ubyte.gz", whole + "x");
  refused({"train-images-idx3-ubyte.gz", "expected 46 bytes", "found more"});
}

BOOST_AUTO_TEST_CASE(damaged_compressed_files_are_refused) {
  std::filesystem::remove(path / "train-images-idx3-ubyte");
  const std::string file = "train-images-idx3-ubyte.gz";
  write_gz(file, images(5, 0));
  const auto good = bytes_of(file);
  write(file, good.substr(0, good.size() - 10));
  refused({file, "damaged"});
  auto checksum = good;
  checksum[good.size() - 6] = static_cast<char>(checksum[good.size() - 6] ^ 1);
  write(file, checksum);
  refused({file, "damaged", "incorrect data check"});
}

BOOST_AUTO_TEST_CASE(counts_that_differ_and_empty_sets_are_refused) {
  write_gz("train-labels-idx1-ubyte.gz", labels({3, 1, 4, 1}));
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"train-images-idx3-ubyte has 5 images", "4 labels"}));
  write("train-images-idx3-ubyte", images(0, 0));
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"train-images-idx3-ubyte", "empty"}));
}

BOOST_AUTO_TEST_CASE(a_header_that_asks_for_more_memory_than_any_machine_has_is_refused) {
  std::filesystem::remove(path / "train-images-idx3-ubyte");
  write_gz("train-images-idx3-ubyte.gz", idx(0x803, {0xffffffff, 0xffffffff, 0xffffffff}, ""));
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"train-images-idx3-ubyte.gz", "damaged"}));
}

BOOST_AUTO_TEST_CASE(info_tells_classes_mean_and_std) {
  const auto info = make({}, "FashionMNIST")->info();
  BOOST_CHECK_EQUAL(info.find("name")->text(), "\"FashionMNIST\"");
  const auto& classes = *info.find("classes")->get_if<dl::Value::List>();
  BOOST_CHECK_EQUAL(classes.size(), 10);
  BOOST_CHECK_EQUAL(classes.back().text(), "\"Ankle boot\"");
  BOOST_CHECK_EQUAL(*info.find("mean")->get_if<double>(), 0.2860);
  BOOST_CHECK_EQUAL(*info.find("std")->get_if<double>(), 0.3530);
  BOOST_CHECK_EQUAL(*make()->info().find("mean")->get_if<double>(), 0.1307);
}

BOOST_AUTO_TEST_SUITE_END()
