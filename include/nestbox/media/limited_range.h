#pragma once
/// The samples that mean black, white and no colour in every picture here: BT.709, limited range (ITU-R BT.709-6, table
/// 5).

namespace nestbox {

inline constexpr int kBlackLuma = 16, kWhiteLuma = 235, kNeutralChroma = 128;

}  // namespace nestbox
