#pragma once
/// How sharp a picture is, for somebody who turns a lens.
#include "nestbox/media/frame.h"

namespace nestbox {

/// The part in the middle that is looked at: 480 x 360 pixels, or as much as there is. It begins at an even row and
/// column, so that chroma can be cut out with it.
PlaneView centre_crop(const PlaneView& luma) noexcept;
ImageView centre_crop(const ImageView& picture) noexcept;

/// 0 (nothing but blur) to about 100: the energy of the gradients over the contrast of the picture, so that neither
/// brightness nor gain change it much. Each gradient is multiplied with that of a line two further on and not with
/// itself: detail is alike on both, noise is not, and cancels out (night pictures are full of it). Figures of different
/// scenes do not compare. 0 for a plane below 8 x 8 or without contrast. Reentrant; one pass, no memory.
float sharpness(const PlaneView& luma) noexcept;

}  // namespace nestbox
