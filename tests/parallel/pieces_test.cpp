#include "plugins/parallel/pieces.h"

#include <boost/test/unit_test.hpp>

using namespace parallel;

BOOST_AUTO_TEST_CASE(lengths_are_aligned) {
  BOOST_TEST(piece_length(0, 3) == 0);
  BOOST_TEST(piece_length(1, 1) == 64);
  BOOST_TEST(piece_length(1, 8) == 64);
  BOOST_TEST(piece_length(640, 2) == 320);
  BOOST_TEST(piece_length(641, 2) == 384);
}

/// Every element of every parameter is held once, whatever the rank count, and pieces begin at multiples of 64.
BOOST_AUTO_TEST_CASE(every_element_is_held_once) {
  const std::vector<int64_t> numels{1, 63, 64, 65, 1000, 7, 300};
  const std::vector<Slice> slices{{0, 0}, {0, 64}, {0, 128}, {0, 192}, {1, 0}, {1, 1024}, {1, 1088}};
  const std::vector<int64_t> elements{320, 1408};
  for (int ranks = 1; ranks <= 9; ++ranks) {
    std::vector<std::vector<int>> held(numels.size());
    for (size_t i = 0; i < numels.size(); ++i) held[i].assign(static_cast<size_t>(numels[i]), 0);
    for (int rank = 0; rank < ranks; ++rank) {
      int64_t before = -1;
      for (const auto& piece : pieces_of(rank, ranks, slices, numels, elements)) {
        BOOST_TEST(piece.bucket == slices[piece.parameter].bucket);
        BOOST_TEST(piece.begin == slices[piece.parameter].offset + piece.offset);
        BOOST_TEST(piece.offset % 64 == 0);
        BOOST_TEST(piece.length > 0);
        const auto share = piece_length(elements[piece.bucket], ranks);
        BOOST_TEST(piece.begin / share == rank);
        BOOST_TEST((piece.begin + piece.length - 1) / share == rank);
        const auto place = static_cast<int64_t>(piece.bucket) * 100000 + piece.begin;
        BOOST_TEST(place > before);
        before = place;
        for (int64_t i = 0; i < piece.length; ++i) ++held[piece.parameter][static_cast<size_t>(piece.offset + i)];
      }
    }
    for (const auto& counts : held)
      for (const int count : counts) BOOST_REQUIRE(count == 1);
  }
}
