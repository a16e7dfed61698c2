"""What others have published of well-known networks' costs; literals only, a test counts them again."""

# Name: weights, multiply-adds (printed in billions with three decimals), side in pixels, source of both.
PUBLISHED: dict[str, tuple[int, int, int, str]] = {
    "alexnet": (61_100_840, 714_000_000, 224, "torchvision"),
    "vgg16": (138_357_544, 15_470_000_000, 224, "torchvision"),
    "vgg19": (143_667_240, 19_632_000_000, 224, "torchvision"),
    "googlenet": (6_624_904, 1_498_000_000, 224, "torchvision"),
    "resnet18": (11_689_512, 1_814_000_000, 224, "torchvision"),
    "resnet34": (21_797_672, 3_664_000_000, 224, "torchvision"),
    "resnet50": (25_557_032, 4_089_000_000, 224, "torchvision"),
    "resnet101": (44_549_160, 7_801_000_000, 224, "torchvision"),
    "resnet152": (60_192_808, 11_514_000_000, 224, "torchvision"),
    "resnext50_32x4d": (25_028_904, 4_230_000_000, 224, "torchvision"),
    "mobilenet_v2": (3_504_872, 301_000_000, 224, "torchvision"),
    "mobilenet_v3_small": (2_542_856, 57_000_000, 224, "torchvision"),
    "mobilenet_v3_large": (5_483_032, 217_000_000, 224, "torchvision"),
    "efficientnet_b0": (5_288_548, 386_000_000, 224, "torchvision"),
    "efficientnet_b1": (7_794_184, 687_000_000, 240, "torchvision"),
    "efficientnet_b2": (9_109_994, 1_088_000_000, 288, "torchvision"),
    "efficientnet_b3": (12_233_232, 1_827_000_000, 300, "torchvision"),
    "efficientnet_b4": (19_341_616, 4_394_000_000, 380, "torchvision"),
    "efficientnet_b5": (30_389_784, 10_266_000_000, 456, "torchvision"),
    "efficientnet_b6": (43_040_704, 19_068_000_000, 528, "torchvision"),
    "efficientnet_b7": (66_347_960, 37_746_000_000, 600, "torchvision"),
    "regnet_x_400mf": (5_495_976, 414_000_000, 224, "torchvision"),
    "regnet_y_400mf": (4_344_144, 402_000_000, 224, "torchvision"),
    "regnet_x_8gf": (39_572_648, 7_995_000_000, 224, "torchvision"),
    "regnet_y_8gf": (39_381_472, 8_473_000_000, 224, "torchvision"),
    "vit_b_16": (86_567_656, 17_564_000_000, 224, "torchvision"),
    "vit_l_16": (304_326_632, 61_555_000_000, 224, "torchvision"),
}
SOURCES = {
    "torchvision": "TorchVision 0.28, table of all classification weights: Params and GFLOPS (IMAGENET1K_V1)"
}

# Name: millions of weights, billions of multiply-adds, where the paper prints them, and why ours are more than
# a twentieth away if they are.
PAPERS: dict[str, tuple[float | None, float | None, str, str]] = {
    "alexnet": (60, None, "Krizhevsky et al. 2012, section 1", ""),
    "vgg16": (138, None, "Simonyan and Zisserman 2014, arXiv:1409.1556, table 2", ""),
    "vgg19": (144, None, "Simonyan and Zisserman 2014, arXiv:1409.1556, table 2", ""),
    "googlenet": (None, 1.5, "Szegedy et al. 2014, arXiv:1409.4842, section 1", ""),
    "resnet18": (None, 1.8, "He et al. 2015, arXiv:1512.03385, table 1", ""),
    "resnet34": (None, 3.6, "He et al. 2015, arXiv:1512.03385, table 1", ""),
    "resnet50": (
        None,
        3.8,
        "He et al. 2015, arXiv:1512.03385, table 1",
        "the libraries put a block's stride in its 3 x 3 convolution, the paper in the 1 x 1 before it",
    ),
    "resnet101": (None, 7.6, "He et al. 2015, arXiv:1512.03385, table 1", ""),
    "resnet152": (None, 11.3, "He et al. 2015, arXiv:1512.03385, table 1", ""),
    "resnext50_32x4d": (25.0, 4.2, "Xie et al. 2016, arXiv:1611.05431, table 1", ""),
    "mobilenet_v2": (3.4, 0.300, "Sandler et al. 2018, arXiv:1801.04381, table 4", ""),
    "mobilenet_v3_small": (2.5, 0.056, "Howard et al. 2019, arXiv:1905.02244, table 3", ""),
    "mobilenet_v3_large": (5.4, 0.219, "Howard et al. 2019, arXiv:1905.02244, table 3", ""),
    "efficientnet_b0": (5.3, 0.39, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b1": (7.8, 0.70, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b2": (
        9.2,
        1.0,
        "Tan and Le 2019, arXiv:1905.11946, table 2",
        "torchvision's size is 288 px, the paper's 260",
    ),
    "efficientnet_b3": (12, 1.8, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b4": (19, 4.2, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b5": (30, 9.9, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b6": (43, 19, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "efficientnet_b7": (66, 37, "Tan and Le 2019, arXiv:1905.11946, table 2", ""),
    "regnet_x_400mf": (
        5.2,
        0.40,
        "Radosavovic et al. 2020, arXiv:2003.13678, table 2",
        "torchvision rounds the stages' widths otherwise; timm's regnetx_004 has the paper's 5.2 million",
    ),
    "regnet_y_400mf": (4.3, 0.40, "Radosavovic et al. 2020, arXiv:2003.13678, table 3", ""),
    "regnet_x_8gf": (39.6, 8.0, "Radosavovic et al. 2020, arXiv:2003.13678, table 2", ""),
    "regnet_y_8gf": (
        39.2,
        8.0,
        "Radosavovic et al. 2020, arXiv:2003.13678, table 3",
        "torchvision rounds the stages' widths otherwise; timm's regnety_080 has the paper's 39.2 million",
    ),
    "vit_b_16": (86, None, "Dosovitskiy et al. 2020, arXiv:2010.11929, table 1", ""),
    "vit_l_16": (307, None, "Dosovitskiy et al. 2020, arXiv:2010.11929, table 1", ""),
}
