#include <boost/test/unit_test.hpp>

#include "dl/data.h"
#include "idx_folder.h"
#include "oracles/oracle.h"
#include "support/check_close.h"
#include "vision_plugin.h"

using dl::Split;
using support::says;
using support::table;

namespace {

/// Seven training images in five files and two test images. Image i's pixels count up from i: 0 … 255, 0 … on each row.
struct Fixture : IdxFolder {
  Fixture() {
    int next = 0;
    for (int file = 1; file <= 5; ++file) {
      const auto rows = file == 2 ? std::vector<int>{1, 2, 3} : std::vector<int>{file};
      std::string bytes;
      for (const int label : rows) bytes += row(label, next++);
      write("data_batch_" + std::to_string(file) + ".bin", bytes);
    }
    write("test_batch.bin", row(9, 100) + row(0, 101));
  }
  static std::string row(int label, int start) {
    std::string bytes(1, static_cast<char>(label));
    for (int i = 0; i < 3072; ++i) bytes += static_cast<char>(start + i);
    return bytes;
  }
  std::shared_ptr<dl::Data> make(const dl::Value& params = {}) const { return at(path.string(), params); }
  static std::shared_ptr<dl::Data> at(const std::string& root, const dl::Value& params = {}) {
    const dl::DataContext context{root};
    return plugin().make<dl::Data>("CIFAR10", params, &context);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cifar10, Fixture)

BOOST_AUTO_TEST_CASE(rows_of_all_files_in_order) {
  const auto data = make();
  BOOST_CHECK_EQUAL(data->size(Split::train), 7);
  for (const auto split : {Split::validation, Split::test, Split::predict}) BOOST_CHECK_EQUAL(data->size(split), 2);
  const auto all = data->get_batch(Split::train, std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6});
  BOOST_CHECK(all[0].sizes() == (at::IntArrayRef{7, 3, 32, 32}) && all[0].scalar_type() == at::kByte);
  BOOST_CHECK(oracle::flat(all[1]) == (std::vector<double>{1, 1, 2, 3, 3, 4, 5}));
  const auto pixels = all[0].to(at::kLong);
  for (int64_t i = 0; i < 7; ++i) BOOST_CHECK_EQUAL(pixels[i][0][0][0].item<int64_t>(), i);
  // Pixel (channel 2, row 3, column 4) of image 6.
  BOOST_CHECK_EQUAL(pixels[6][2][3][4].item<int64_t>(), (6 + 2 * 1024 + 3 * 32 + 4) % 256);
  const auto test = data->get_batch(Split::test, std::vector<int64_t>{1});
  BOOST_CHECK_EQUAL(test[1].item<int64_t>(), 0);
  BOOST_CHECK_EQUAL(test[0].flatten()[0].item<int64_t>(), 101);
}

BOOST_AUTO_TEST_CASE(validation_is_held_out_of_the_training_files) {
  const auto data = make(table({{"validation_size", 3}}));
  BOOST_CHECK_EQUAL(data->size(Split::train), 4);
  BOOST_CHECK(oracle::flat(data->get_batch(Split::validation, std::vector<int64_t>{0, 2})[1]) ==
              (std::vector<double>{3, 5}));
  BOOST_CHECK_EXCEPTION(make(table({{"validation_size", 7}})), dl::Error, says({"validation_size = 7", "7 images"}));
}

BOOST_AUTO_TEST_CASE(each_channel_has_its_own_scale) {
  const auto finished = [&](const dl::Value& params) {
    const auto data = make(params);
    return data->finish(Split::train, data->get_batch(Split::train, std::vector<int64_t>{6, 1}))[0];
  };
  const auto scaled = finished({});
  BOOST_CHECK(scaled.scalar_type() == at::kFloat);
  const float means[] = {0.4914F, 0.4822F, 0.4465F}, stds[] = {0.2470F, 0.2435F, 0.2616F};
  for (int64_t image = 0; image < 2; ++image)
    for (int64_t c = 0; c < 3; ++c) {
      const auto byte = static_cast<float>(((image == 0 ? 6 : 1) + 33 + c * 1024) % 256);
      BOOST_CHECK_EQUAL(scaled[image][c][1][1].item<float>(), (byte / 255.0F - means[c]) / stds[c]);
    }
  const auto plain = finished(table({{"normalize", false}}));
  BOOST_CHECK_EQUAL(plain[1][2][0][0].item<float>(), 1 / 255.0F);
  const auto one = finished(table({{"mean", dl::Value::List{0.5}}, {"std", dl::Value::List{0.25}}}));
  BOOST_CHECK_EQUAL(one[1][2][0][0].item<float>(), (1 / 255.0F - 0.5F) / 0.25F);
  BOOST_CHECK_EXCEPTION(make(table({{"mean", dl::Value::List{0.5}}})), dl::Error, says({"\"mean\"", "1 and 3"}));
  const auto two = dl::Value::List{0.5, 0.5};
  BOOST_CHECK_EXCEPTION(make(table({{"mean", two}, {"std", two}})), dl::Error, says({"1 or 3", "found 2"}));
  BOOST_CHECK_EQUAL(make()->info().find("mean")->text(), "[0.4914, 0.4822, 0.4465]");
  BOOST_CHECK_EQUAL(make(table({{"normalize", false}}))->info().find("std")->text(), "1.0");
}

BOOST_AUTO_TEST_CASE(the_archives_own_folder_is_found) {
  const auto inner = path / "cifar-10-batches-bin";
  std::filesystem::create_directory(inner);
  for (const auto& entry : std::filesystem::directory_iterator(path))
    if (entry.is_regular_file()) std::filesystem::rename(entry.path(), inner / entry.path().filename());
  BOOST_CHECK_EQUAL(make()->size(Split::train), 7);
}

BOOST_AUTO_TEST_CASE(missing_files_are_named_with_the_remedy) {
  std::filesystem::remove(path / "data_batch_3.bin");
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"data_batch_3.bin", "cifar-10-binary.tar.gz", "[data] root"}));
  const auto empty = path / "empty";
  BOOST_CHECK_EXCEPTION(at(empty.string()), dl::Error,
                        says({"data_batch_1.bin", empty.string(), "cifar-10-batches-bin", "[data] root"}));
  BOOST_CHECK_EXCEPTION(at(""), dl::Error, says({"[data] root is not set"}));
  std::filesystem::create_directory(empty);
  write("empty/data_batch_1", "pickle");
  BOOST_CHECK_EXCEPTION(at(empty.string()), dl::Error, says({"Python version", "cifar-10-binary.tar.gz"}));
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused) {
  write("data_batch_4.bin", row(1, 0) + "x");
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"data_batch_4.bin", "3073", "3074", "fetch it again"}));
  write("data_batch_4.bin", "");
  BOOST_CHECK_EXCEPTION(make(), dl::Error, says({"data_batch_4.bin", "found 0 bytes"}));
  write("data_batch_4.bin", row(4, 0) + row(10, 0));
  const auto data = make();
  BOOST_CHECK_EQUAL(data->get_batch(Split::test, std::vector<int64_t>{0})[1].item<int64_t>(), 9);
  BOOST_CHECK_EXCEPTION(data->get_batch(Split::train, std::vector<int64_t>{0}), dl::Error,
                        says({"data_batch_4.bin", "label 10 of row 1", "[0, 9]"}));
}

BOOST_AUTO_TEST_SUITE_END()
