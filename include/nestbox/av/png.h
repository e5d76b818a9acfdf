#pragma once
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/media/frame.h"

namespace nestbox {

/// PNG of a BT.709 limited-range I420 picture. Thread-safe. Errors: kUnavailable when this FFmpeg has no PNG encoder,
/// kInternal from FFmpeg.
Result<std::string> encode_png(const ImageView& picture);

}  // namespace nestbox
